// Select boxes whose choices are searched on the server: <select class="js-remote" data-url="…">.
// The server answers ?q=&page= with {results: [{id, text}], more}.

import { ask, loadStyle, text } from "./client.js";
import { remember } from "./forms.js";
import "../vendor/tom-select/tom-select.js";

const TomSelect = globalThis.TomSelect;

export function mount(root) {
  loadStyle("../vendor/tom-select/tom-select.css");
  for (const select of root.querySelectorAll("select.js-remote")) if (!select.tomselect) build(select);
}

function build(select) {
  const box = new TomSelect(select, {
    plugins: { virtual_scroll: {}, ...(select.multiple ? { remove_button: { title: text("remove") } } : { clear_button: { title: text("remove") } }) },
    valueField: "id",
    labelField: "text",
    searchField: "text",
    allowEmptyOption: false,
    maxOptions: null,
    preload: "focus",
    loadThrottle: 250,
    placeholder: select.dataset.placeholder ?? text("typeToSearch"),
    shouldLoad: () => true,
    score: () => () => 1,
    firstUrl: (query) => address(select, query, 1),
    load(query, done) {
      load(this, select, query).then(done);
    },
    render: {
      no_results: (data, escape) => `<div class="no-results">${escape(text("noMatch"))}</div>`,
      loading_more: (data, escape) => `<div class="loading-more-results">${escape(text("more"))}</div>`,
      no_more_results: () => "",
    },
  });
  select.setAttribute("aria-hidden", "true"); // the text field of the box speaks for it
  const clear = box.wrapper.querySelector(".clear-button");
  if (clear) giveKeys(clear);
  const input = box.control_input;
  for (const name of ["aria-describedby", "aria-invalid"]) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  input.setAttribute("autocomplete", "off");
  remember(select.form);
}

// The button that empties a box is no button element: it gets its name and its keys here.
function giveKeys(clear) {
  clear.setAttribute("aria-label", text("remove"));
  clear.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    clear.click();
  });
}

async function load(box, select, query) {
  const url = box.getUrl(query);
  const { data } = await ask(url);
  const page = Number(new URL(url, location.href).searchParams.get("page"));
  if (data?.more) box.setNextUrl(query, address(select, query, page + 1));
  return data?.results ?? [];
}

function address(select, query, page) {
  const url = new URL(select.dataset.url, location.href);
  url.searchParams.set("q", query);
  url.searchParams.set("page", page);
  return url.href;
}
