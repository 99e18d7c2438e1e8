// The tree of regions: check boxes turned into one ARIA tree (parts/tree.html tells the keys).

import { text } from "./client.js";

export function mount(root) {
  for (const box of root.querySelectorAll("[data-region-tree]:not(.tree-ready)")) new RegionTree(box);
}

class RegionTree {
  constructor(box) {
    this.box = box;
    this.root = box.querySelector(".tree-root");
    this.items = [...this.root.querySelectorAll("li[data-node]")];
    this.prepare();
    this.settle();
    this.show();
    box.classList.add("tree-ready");
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.root.addEventListener("click", (event) => this.onClick(event));
    this.root.addEventListener("change", (event) => this.choose(event.target.closest("li"), event.target.checked));
    this.startSearch();
  }

  prepare() {
    this.root.setAttribute("role", "tree");
    this.root.setAttribute("aria-multiselectable", "true");
    this.items.forEach((item, index) => {
      const input = this.input(item);
      const below = this.below(item);
      item.setAttribute("role", "treeitem");
      item.tabIndex = index === 0 ? 0 : -1;
      input.tabIndex = -1;
      input.dataset.name = input.name;
      input.setAttribute("aria-hidden", "true"); // the tree item itself tells whether it is chosen
      if (input.disabled) item.setAttribute("aria-disabled", "true");
      if (!below) return;
      below.setAttribute("role", "group");
      const twist = document.createElement("span");
      twist.className = "tree-twist";
      item.querySelector(":scope > .tree-row").prepend(twist);
      const level = this.level(item);
      const inside = below.querySelector("input:checked") && !input.checked;
      item.setAttribute("aria-expanded", String(level === 0 || (level === 1 && Boolean(inside))));
    });
  }

  // --- reading the tree

  input(item) {
    return item.querySelector(":scope > .tree-row input");
  }

  below(item) {
    return item.querySelector(":scope > ul");
  }

  children(item) {
    return this.below(item) ? [...this.below(item).children] : [];
  }

  parent(item) {
    return item.parentElement.closest("li[data-node]");
  }

  level(item) {
    let count = 0;
    for (let up = this.parent(item); up; up = this.parent(up)) count += 1;
    return count;
  }

  name(item) {
    return item.querySelector(":scope > .tree-row label > span").textContent;
  }

  visible() {
    return this.items.filter((item) => item.getClientRects().length > 0);
  }

  // --- choosing

  /** Carry what is chosen at the start down the tree, then up. */
  settle() {
    for (const item of this.items) if (this.input(item).checked) this.setBelow(item, true);
    for (const item of [...this.items].reverse()) this.fromBelow(item);
  }

  choose(item, checked) {
    if (this.input(item).disabled) return;
    this.setBelow(item, checked);
    for (let up = this.parent(item); up; up = this.parent(up)) this.fromBelow(up);
    this.show();
    this.box.dispatchEvent(new CustomEvent("region-tree:change", { bubbles: true, detail: this.chosen() }));
  }

  setBelow(item, checked) {
    const input = this.input(item);
    if (!input.disabled) {
      input.checked = checked;
      input.indeterminate = false;
    }
    for (const child of this.children(item)) this.setBelow(child, checked);
    if (this.children(item).length) this.fromBelow(item);
  }

  fromBelow(item) {
    const inputs = this.children(item).map((child) => this.input(child));
    if (!inputs.length) return;
    const input = this.input(item);
    // Choosing every county is not choosing the city: one founded later would not be among them.
    if (!inputs.every((one) => one.checked)) input.checked = false;
    input.indeterminate = !input.checked && inputs.some((one) => one.checked || one.indeterminate);
  }

  /** The topmost chosen nodes: what lies below them is covered. */
  topmost() {
    return this.items.filter((item) => this.input(item).checked && !(this.parent(item) && this.input(this.parent(item)).checked));
  }

  chosen() {
    return this.topmost().map((item) => this.input(item).value);
  }

  show() {
    for (const item of this.items) {
      const input = this.input(item);
      const covered = this.parent(item) && this.input(this.parent(item)).checked;
      input.name = input.checked && !covered ? input.dataset.name : "";
      item.setAttribute("aria-checked", input.indeterminate ? "mixed" : String(input.checked));
    }
    const count = this.topmost().length;
    this.box.querySelector("[data-tree-count]").textContent = text("nodesChosen", { count });
    const clear = this.box.querySelector("[data-tree-clear]");
    clear.hidden = count === 0;
    clear.onclick = () => this.clear();
  }

  clear() {
    for (const item of this.root.children) this.setBelow(item, false);
    this.show();
    this.focus(this.visible()[0]);
    this.box.dispatchEvent(new CustomEvent("region-tree:change", { bubbles: true, detail: [] }));
  }

  // --- moving

  expand(item, open) {
    if (item.hasAttribute("aria-expanded")) item.setAttribute("aria-expanded", String(open));
  }

  focus(item) {
    if (!item) return;
    for (const other of this.items) other.tabIndex = other === item ? 0 : -1;
    item.focus();
  }

  onClick(event) {
    const item = event.target.closest("li");
    if (event.target.classList.contains("tree-twist")) this.expand(item, item.getAttribute("aria-expanded") !== "true");
    if (event.target.matches("input, .tree-twist")) this.focus(item);
  }

  onKey(event) {
    const item = event.target.closest("li[data-node]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const act = this.keys(item)[event.key] ?? (/^\S$/u.test(event.key) ? () => this.jump(item, event.key) : null);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  keys(item) {
    const seen = this.visible();
    const at = seen.indexOf(item);
    const toggle = () => this.choose(item, !this.input(item).checked);
    return {
      ArrowDown: () => this.focus(seen[at + 1]),
      ArrowUp: () => this.focus(seen[at - 1]),
      ArrowRight: () => (item.getAttribute("aria-expanded") === "false" ? this.expand(item, true) : this.focus(this.children(item)[0])),
      ArrowLeft: () => (item.getAttribute("aria-expanded") === "true" ? this.expand(item, false) : this.focus(this.parent(item))),
      Home: () => this.focus(seen[0]),
      End: () => this.focus(seen.at(-1)),
      " ": toggle,
      Enter: toggle,
    };
  }

  jump(item, letter) {
    const seen = this.visible();
    const at = seen.indexOf(item);
    const order = [...seen.slice(at + 1), ...seen.slice(0, at + 1)];
    this.focus(order.find((one) => this.name(one).toLowerCase().startsWith(letter.toLowerCase())));
  }

  // --- searching

  startSearch() {
    const part = this.box.querySelector("[data-tree-search]");
    if (!part) return;
    part.hidden = false;
    const field = part.querySelector("input");
    field.addEventListener("input", () => this.search(field.value.trim()));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
      if (event.key === "ArrowDown") this.focus(this.items.find((item) => !item.hidden && item.matches(":has(> .tree-row .tree-found)")) ?? this.visible()[0]);
    });
  }

  search(wanted) {
    const found = new Set();
    for (const item of this.items) {
      const label = item.querySelector(":scope > .tree-row label > span");
      const hit = wanted !== "" && label.textContent.includes(wanted);
      label.classList.toggle("tree-found", hit);
      if (hit) found.add(item);
    }
    for (const item of this.items) item.hidden = wanted !== "" && !this.related(item, found);
    for (const item of found) for (let up = this.parent(item); up; up = this.parent(up)) this.expand(up, true);
    this.box.querySelector("[data-tree-count]").textContent = wanted ? text("nodesFound", { count: found.size }) : text("nodesChosen", { count: this.topmost().length });
    const seen = this.visible();
    if (seen.length && !seen.some((item) => item.tabIndex === 0)) this.items.forEach((item) => (item.tabIndex = item === seen[0] ? 0 : -1));
  }

  related(item, found) {
    if (found.has(item)) return true;
    for (let up = this.parent(item); up; up = this.parent(up)) if (found.has(up)) return true;
    return [...item.querySelectorAll("li[data-node]")].some((inside) => found.has(inside));
  }
}
