"""Chapter 10: one iteration of the box."""


def iteration(k, examples, noise, move_D, move_G):
    """k moves of D, each on new examples and new noise; then one of G on new noise."""
    for _ in range(k):
        move_D(examples(), noise())
    move_G(noise())


def noise_once(k, examples, noise, move_D, move_G):
    """The noise is drawn once and used again and again; the box draws it anew for every move."""
    z = noise()
    for _ in range(k):
        move_D(examples(), z)
    move_G(z)


def last_noise_again(k, examples, noise, move_D, move_G):
    """G moves on the noise of D's last move, as in the authors' program; the box draws new noise for it."""
    for _ in range(k):
        z = noise()
        move_D(examples(), z)
    move_G(z)


def examples_once(k, examples, noise, move_D, move_G):
    """All moves of D are on the same examples; the box draws a minibatch for each."""
    x = examples()
    for _ in range(k):
        move_D(x, noise())
    move_G(noise())


def k_moves_of_both(k, examples, noise, move_D, move_G):
    """G moves in the loop, k times; it moves once, after it."""
    for _ in range(k):
        move_D(examples(), noise())
        move_G(noise())


def G_first(k, examples, noise, move_D, move_G):
    """G moves first; the box has it move last, against the D that has just learned."""
    move_G(noise())
    for _ in range(k):
        move_D(examples(), noise())


def D_once(k, examples, noise, move_D, move_G):
    """D moves once; it has k moves."""
    move_D(examples(), noise())
    move_G(noise())


def tried(f):
    for k in 1, 3:
        log, x, z = [], iter(range(10, 20)), iter(range(20, 30))
        f(
            k,
            lambda x=x: next(x),
            lambda z=z: next(z),
            lambda x, z, log=log: log.append(f"D moves on x {x - 9} and z {z - 19}"),
            lambda z, log=log: log.append(f"G moves on z {z - 19}"),
        )
        yield f"k = {k}", "; ".join(log) or "nothing moved"
