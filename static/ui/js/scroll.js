/* On a phone the page scrolls between its bars; of that the browser remembers nothing when one comes
   back to a page or loads it again. */
const main = document.querySelector(".main, .phone-facts");
const nameOfPage = () => `scroll ${location.pathname}${location.search}`;

if (main) {
  const [visit] = performance.getEntriesByType("navigation");
  if (visit && visit.type !== "navigate") {
    main.scrollTop = Number(sessionStorage.getItem(nameOfPage()) ?? 0);
  }
  let top = main.scrollTop; // a page that is being left says 0
  main.addEventListener("scroll", () => (top = main.scrollTop), { passive: true });
  addEventListener("pagehide", () => sessionStorage.setItem(nameOfPage(), top));
}
