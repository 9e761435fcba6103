/* A link into a folded section opens it. */
function unfold() {
  const there = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!there) return;
  for (let e = there; e; e = e.parentElement) for (const part of e.querySelectorAll(":scope > details.part")) part.open = true;
  there.scrollIntoView();
}
addEventListener("hashchange", unfold);
addEventListener("DOMContentLoaded", unfold);
/* What is wider than the page scrolls, by the keyboard too. */
addEventListener("load", () => {
  const here = document.querySelector(".sidebar-tree .current-page"), bar = document.querySelector(".sidebar-scroll");
  if (here && bar) bar.scrollTop += here.getBoundingClientRect().top - bar.clientHeight / 2; // the page that is open is in sight
  for (const box of document.querySelectorAll(".cell_output, .table-wrapper, div.math"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
});
