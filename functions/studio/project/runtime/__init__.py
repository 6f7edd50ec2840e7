"""The part of every generated project that is the same for all: its files are copied there as they stand.

They import only the standard library and each other, relatively, so that they work under any package name.
"""
