"""Reader side: figures and explorers of the book, drawn to stay legible on a phone, in light and in dark."""

from lstmlib.widgets.diagram import draw_lstm_cell
from lstmlib.widgets.explorer import Axis, explore
from lstmlib.widgets.gru import explore_update_gate
from lstmlib.widgets.gru_diagram import draw_gru_cell
from lstmlib.widgets.language_model import explore_temperature
from lstmlib.widgets.lstm import explore_gates
from lstmlib.widgets.lstm_gradients import explore_forget_bias
from lstmlib.widgets.memory import draw_activations, draw_memory, draw_reading, tell_gates
from lstmlib.widgets.rnn import explore_memory
from lstmlib.widgets.style import BLUE, GREY, ORANGE, PINK, SKY, VERMILION, use_book_style
from lstmlib.widgets.unrolled import draw_unrolled
from lstmlib.widgets.vanishing_gradients import explore_gradient_scale, explore_non_normal

__all__ = [
    "BLUE",
    "GREY",
    "ORANGE",
    "PINK",
    "SKY",
    "VERMILION",
    "Axis",
    "draw_activations",
    "draw_gru_cell",
    "draw_lstm_cell",
    "draw_memory",
    "draw_reading",
    "draw_unrolled",
    "explore",
    "explore_forget_bias",
    "explore_gates",
    "explore_gradient_scale",
    "explore_memory",
    "explore_non_normal",
    "explore_temperature",
    "explore_update_gate",
    "tell_gates",
    "use_book_style",
]
