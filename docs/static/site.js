/* A link into a folded section opens it. */
function unfold() {
  const there = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!there) return;
  for (let e = there; e; e = e.parentElement) for (const part of e.querySelectorAll(":scope > details.part")) part.open = true;
  there.scrollIntoView();
}
addEventListener("hashchange", unfold);
addEventListener("DOMContentLoaded", unfold);
