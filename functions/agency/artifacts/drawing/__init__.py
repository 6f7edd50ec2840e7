"""Pictures of screens: fonts, a canvas, the blocks that components are drawn with, and whole screens."""

from functions.agency.artifacts.drawing.screen import draw_screen

__all__ = ["draw_screen"]
