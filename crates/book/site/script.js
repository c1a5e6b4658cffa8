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

// The page's own stop is seen in the list.
const road = document.getElementById("road");
const here = road?.querySelector("[aria-current]");
if (here) road.scrollTop = here.offsetTop - road.clientHeight / 2;

// The list of stops: beside the page where it is wide enough, else behind a button.
const menu = document.getElementById("menu");
menu?.addEventListener("click", () => {
  const open = road.classList.toggle("open");
  menu.setAttribute("aria-expanded", String(open));
});

// Search. A stop that stands alone has nothing to search.
const field = document.getElementById("query");
const found = document.getElementById("found");
// What readers type, and how the book calls it.
const SYNONYMS = {
  acc: "accuracy", backprop: "backpropagation", ce: "cross entropy", gd: "gradient descent", knn: "nearest neighbours",
  logits: "scores", lr: "learning rate", mse: "mean squared error", nn: "network", sgd: "gradient descent",
};
// British and American spellings are one, and so are words with and without a hyphen.
const spelled = (text) => text.toLowerCase()
  .replace(/isation/g, "ization").replace(/ise(?=(d|r|rs|s)?\b)/g, "ize").replace(/ising\b/g, "izing")
  .replace(/colour/g, "color").replace(/neighbour/g, "neighbor");
const wordsOf = (text) => spelled(text).split(/[^\p{L}\p{N}.%]+/u).map((word) => word.replace(/^\.+|\.+$/g, "")).filter(Boolean);
const indexed = (text) => [...wordsOf(text), ...wordsOf(text.replace(/(\p{L})-(?=\p{L})/gu, "$1"))];
const index = (window.limpidIndex || []).map((stop) => ({ ...stop, inTitle: indexed(stop.title), inWords: indexed(stop.words) }));
// How well a stop answers a word: its number first, then its title, then its words, each by how they begin.
const answers = (stop, word) => {
  if (stop.number === word) return 1000;
  if (/^[0-9]/.test(word) && stop.number.startsWith(word)) return 100;
  if (stop.inTitle.some((known) => known.startsWith(word))) return 10;
  return stop.inWords.some((known) => known.startsWith(word)) ? 1 : 0;
};
const hitsOf = (text) => {
  const plain = spelled(text).replace(/(\p{L})-(?=\p{L})/gu, "$1");
  const wanted = wordsOf(plain).flatMap((word) => Object.hasOwn(SYNONYMS, word) ? wordsOf(SYNONYMS[word]) : [word]);
  const score = (stop) => {
    const scores = wanted.map((word) => answers(stop, word));
    return scores.every(Boolean) ? scores.reduce((sum, score) => sum + score, 0) : 0;
  };
  return index.map((stop) => [score(stop), stop]).filter(([score]) => score).sort((a, b) => b[0] - a[0])
    .slice(0, 12).map(([, stop]) => stop);
};
// The hit that the arrow keys have come to; -1 for none.
let chosen = -1;
const links = () => [...found.querySelectorAll("a")];
const choose = (place) => {
  chosen = place;
  links().forEach((link, at) => {
    link.setAttribute("aria-selected", String(at === chosen));
    if (at === chosen) link.scrollIntoView({ block: "nearest" });
  });
  if (chosen < 0) field.removeAttribute("aria-activedescendant");
  else field.setAttribute("aria-activedescendant", links()[chosen].id);
};
const search = () => {
  const asked = field.value.trim();
  const hits = asked ? hitsOf(asked) : [];
  found.replaceChildren(...hits.map((stop, at) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    item.setAttribute("role", "presentation");
    link.setAttribute("role", "option");
    link.id = "hit-" + at;
    link.href = stop.page;
    link.textContent = stop.number + "  " + stop.title;
    item.append(link);
    return item;
  }));
  if (asked && !hits.length) {
    const item = document.createElement("li");
    const text = document.createElement("span");
    text.textContent = "no stop has all of these words";
    item.append(text);
    found.append(item);
  }
  field.setAttribute("aria-expanded", String(hits.length > 0));
  choose(-1);
};
field?.addEventListener("input", search);
field?.addEventListener("keydown", (event) => {
  const count = links().length;
  if (event.key === "Escape") { field.value = ""; search(); }
  if (event.key === "Enter" && count) links()[Math.max(chosen, 0)].click();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && count) {
    event.preventDefault();
    // Beyond the last hit comes none, the field itself, and then the first.
    choose((chosen + 1 + step + count + 1) % (count + 1) - 1);
  }
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
