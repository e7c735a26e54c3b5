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
  // What nothing inside can be focused of, the keys could not scroll.
  const focusable = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  if (main.scrollHeight > main.clientHeight && !main.querySelector(focusable)) main.tabIndex = 0;
  addEventListener("pagehide", () => sessionStorage.setItem(nameOfPage(), top));
}
