// What is wider than its column scrolls in a box of its own: by keyboard too, and with a shadow where it goes on.
"use strict";
{
  const boxes = document.querySelectorAll(".highlight pre, .table-wrapper, .formula, dt.sig, .picture.wide");
  const look = (box) => {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0; // site.css draws the shadow by this
    else box.removeAttribute("tabindex");
  };
  const size = new ResizeObserver((changed) => changed.forEach(({ target }) => look(target)));
  for (const box of boxes) {
    size.observe(box);
    // Here the arrow keys scroll; elsewhere they turn the site's pages.
    box.addEventListener("keydown", (event) => box.tabIndex === 0 && event.key.startsWith("Arrow") && event.stopPropagation());
  }
  document.fonts.ready.then(() => boxes.forEach(look));
}
