"use strict";
// Theme: light, dark, or as the system says. Storage may be refused to pages opened as files.
const root = document.documentElement;
const remembered = () => { try { return localStorage.getItem("limpid-theme"); } catch { return null; } };
const remember = (theme) => { try { localStorage.setItem("limpid-theme", theme); } catch { /* then for this page only */ } };
if (remembered()) root.dataset.theme = remembered();
document.getElementById("theme").addEventListener("click", () => {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
  remember(root.dataset.theme);
});

// A stop that stands alone has nothing to search.
const field = document.getElementById("query");
// Search: stops that have every word, those in whose title they stand first.
const found = document.getElementById("found");
const search = () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => words.filter((word) => text.toLowerCase().includes(word)).length;
  const hits = !words.length ? [] : window.limpidIndex
    .filter((stop) => has(stop.title + " " + stop.words) === words.length)
    .sort((a, b) => has(b.title) - has(a.title))
    .slice(0, 12);
  found.replaceChildren(...hits.map((stop) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = stop.page;
    link.textContent = stop.number + "  " + stop.title;
    item.append(link);
    return item;
  }));
  if (words.length && !hits.length) {
    const item = document.createElement("li");
    const text = document.createElement("span");
    text.textContent = "no stop has all of these words";
    item.append(text);
    found.append(item);
  }
};
field?.addEventListener("input", search);
field?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { field.value = ""; search(); }
  if (event.key === "Enter" && found.querySelector("a")) found.querySelector("a").click();
});

// The exercise: an answer may be rounded as one rounds by hand.
for (const input of document.querySelectorAll("input[data-truth]")) {
  const said = input.nextElementSibling;
  input.addEventListener("change", () => {
    const truth = Number(input.dataset.truth);
    const text = input.value.trim().replace(",", ".");
    const right = text !== "" && Math.abs(Number(text) - truth) <= 1e-6 * Math.max(1, Math.abs(truth));
    said.className = right ? "right" : "wrong";
    said.textContent = text === "" ? "" : right ? "right: " + input.dataset.truth : "not yet: " + input.dataset.hint;
  });
}
