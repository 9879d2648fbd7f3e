// A table that is wider than the screen scrolls inside its own box; so that the keyboard can scroll it, it takes the focus.
function letWideTablesTakeFocus() {
  for (const table of document.querySelectorAll(".bd-article table")) {
    table.toggleAttribute("tabindex", false);
    if (table.scrollWidth > table.clientWidth) table.setAttribute("tabindex", "0");
  }
}
window.addEventListener("load", letWideTablesTakeFocus);
window.addEventListener("resize", letWideTablesTakeFocus);
