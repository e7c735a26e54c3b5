/* On a phone the page scrolls between its bars; of that the browser remembers nothing when one comes
   back to a page or loads it again. */
const main = document.querySelector(".main, .phone-facts");
const nameOfPage = () => `scroll ${location.pathname}${location.search}`;

if (main) {
  const [visit] = performance.getEntriesByType("navigation");
  let top = 0; // a page that is being left says 0
  if (visit && visit.type !== "navigate") {
    top = main.scrollTop = Number(sessionStorage.getItem(nameOfPage()) ?? 0);
  }
  main.addEventListener("scroll", () => (top = main.scrollTop), { passive: true });
  // What nothing inside can be focused of, the keys could not scroll.
  const focusable = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const allowKeys = () => {
    if (main.scrollHeight > main.clientHeight && !main.querySelector(focusable)) main.tabIndex = 0;
  };
  // Asked before the page is drawn, its sizes would cost a layout of their own.
  requestAnimationFrame(() => setTimeout(allowKeys));
  addEventListener("pagehide", () => sessionStorage.setItem(nameOfPage(), top));
}
