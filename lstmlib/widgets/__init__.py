"""Reader side: figures of the book, drawn to stay legible on a phone, in light and in dark."""

from lstmlib.widgets.diagram import draw_lstm_cell
from lstmlib.widgets.gru_diagram import draw_gru_cell
from lstmlib.widgets.style import BLUE, GREY, ORANGE, PINK, SKY, VERMILION, use_book_style
from lstmlib.widgets.unrolled import draw_unrolled

__all__ = ["BLUE", "GREY", "ORANGE", "PINK", "SKY", "VERMILION", "draw_gru_cell", "draw_lstm_cell", "draw_unrolled", "use_book_style"]
