// A button on each block that a reader types somewhere: Python, and commands without their prompt and their output.
"use strict";
{
  const typed = (block) => {
    const lines = block.querySelector("pre").textContent.trimEnd().split("\n");
    if (!block.matches(".highlight-console")) return lines.join("\n");
    return lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2)).join("\n");
  };
  for (const block of document.querySelectorAll(".highlight-python, .highlight-console, .highlight-bash")) {
    if (!navigator.clipboard || !typed(block)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      button.textContent = await navigator.clipboard.writeText(typed(block)).then(() => "Copied", () => "Not copied");
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    block.append(button);
  }
}
