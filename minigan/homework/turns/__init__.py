"""The turns: for each chapter a function that the reader writes, wrong answers to it, and what is tried.

A file chNN.py holds functions and nothing else: the answer first, then wrong ones, each with the sentence
that its author should hear as its docstring, and last `tried(f)`, which yields (what, value): all that can
be seen of an answer f.  Two answers of which the same is seen are the same answer.
"""
