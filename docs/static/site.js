/* A link into a folded section opens it. */
function unfold() {
  const there = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!there) return;
  for (let e = there; e; e = e.parentElement) for (const part of e.querySelectorAll(":scope > details.part")) part.open = true;
  there.scrollIntoView();
}
addEventListener("hashchange", unfold);
addEventListener("DOMContentLoaded", unfold);
/* Names that the theme gives to no screen reader, and a title for the page of search results. */
addEventListener("DOMContentLoaded", () => {
  for (const [part, name] of [["sidebar-drawer", "Pages"], ["toc-drawer", "On this page"], ["content-icon-container", "This page"]])
    document.querySelector(`.${part}`)?.setAttribute("aria-label", name);
  document.querySelector(".content-icon-container")?.setAttribute("role", "navigation");
  if (!document.querySelector("h1")) document.querySelector("[role=main]").prepend(Object.assign(document.createElement("h1"), { textContent: "Search" }));
});
/* What is wider than the page scrolls, by the keyboard too; no figure shrinks below three quarters, so that a telephone shows its words. */
function scrollable() {
  for (const figure of document.querySelectorAll(".cell_output img")) figure.style.setProperty("--least", `${0.75 * figure.naturalWidth}px`);
  for (const box of document.querySelectorAll(".cell_output, .table-wrapper, div.math"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
for (const event of ["load", "resize", "toggle"]) addEventListener(event, scrollable, true);
addEventListener("load", () => {
  const here = document.querySelector(".sidebar-tree .current-page"), bar = document.querySelector(".sidebar-scroll");
  if (here && bar) bar.scrollTop += here.getBoundingClientRect().top - bar.clientHeight / 2; // the page that is open is in sight
});
