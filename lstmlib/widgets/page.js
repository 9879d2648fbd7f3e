// Brings the explorers of a page to life without a kernel.
//
// ipywidgets' own front end comes with the Python package widgetsnbextension, as a bundle for the classic notebook.
// This script stands in for that notebook: it takes the widget manager out of the bundle, which loads next, and gives
// it the state that the page carries.
(() => {
  const VIEW = "application/vnd.jupyter.widget-view+json";
  const STATE = "application/vnd.jupyter.widget-state+json";

  // Whatever the bundle asks of a notebook (menus, events, a kernel): it has it, and it does nothing, but for `own`.
  const standIn = (own = {}) =>
    new Proxy(function () {}, {
      get: (_, name) => own[name] ?? (typeof name === "symbol" || name === "then" ? undefined : nothing),
      set: () => true,
      apply: () => nothing,
    });
  const nothing = standIn();
  const kernel = { comm_manager: nothing };
  const jupyter = standIn({ version: "7.0.0", notebook: standIn({ kernel }) });

  window.Jupyter = jupyter;
  window.requirejs = (names, use) => use(...names.map((name) => (name === "base/js/namespace" ? jupyter : nothing)));
  window.requirejs.config = () => {};
  window.define = (_, bundle) => {
    delete window.define; // not for any other script
    const menu = document.createElement("ul");
    menu.innerHTML = '<li><ul id="help_menu"></ul></li>'; // beside which the manager wants to put a menu of its own
    document.body.prepend(menu);
    bundle({}).load_ipython_extension(); // makes a manager for the kernel
    menu.remove();
    start(kernel.widget_manager.constructor).catch((error) => console.error("explorers:", error));
  };

  async function start(NotebookManager) {
    class PageManager extends Object.getPrototypeOf(NotebookManager) {
      loadClass(...names) {
        return NotebookManager.prototype.loadClass(...names);
      }

      async create_view(...given) {
        const view = await super.create_view(...given);
        if (view.el.matches(".widget-hslider")) nameSlider(view.el);
        if (view.el.matches(".explorer-frames")) view.el.setAttribute("aria-live", "polite"); // say the new picture's text
        return view;
      }

      async _get_comm_info() {
        return {};
      }

      async _create_comm() {
        return { on_close() {}, on_msg() {}, close() {} };
      }
    }

    // The bundle knows MathJax 2 and calls `Hub` after every text that it sets. Here the texts are plain.
    if (document.readyState !== "complete") await new Promise((go) => window.addEventListener("load", go, { once: true }));
    if (window.MathJax) window.MathJax.Hub ??= { Queue() {} };

    const manager = new PageManager();
    for (const script of document.querySelectorAll(`script[type="${STATE}"]`)) {
      await manager.set_state(JSON.parse(script.textContent));
    }
    for (const script of document.querySelectorAll(`.explorer script[type="${VIEW}"]`)) {
      const view = await manager.create_view(await manager.get_model(JSON.parse(script.textContent).model_id));
      const home = script.parentElement;
      const still = [...home.children];
      const place = home.appendChild(document.createElement("div"));
      place.hidden = true;
      view.luminoWidget.constructor.attach(view.luminoWidget, place);
      // The still picture goes when the live one is there, and the page does not move.
      while (!place.querySelector("svg[role=img]")) await new Promise(requestAnimationFrame);
      for (const part of still) part.remove();
      place.hidden = false;
    }
  }

  // The slider's handle has the position as its value and no name; a reader who hears it needs both in words.
  function nameSlider(slider) {
    const handle = slider.querySelector("[role=slider]");
    const readout = slider.querySelector(".widget-readout");
    const say = () => handle.setAttribute("aria-valuetext", readout.textContent);
    handle.setAttribute("aria-label", slider.querySelector("label").textContent);
    readout.removeAttribute("contenteditable"); // typing there changes nothing
    new MutationObserver(say).observe(readout, { childList: true });
    say();
  }
})();
