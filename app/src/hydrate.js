// What makes the page live is fetched after it was painted, so that it takes no bandwidth from what is seen.
(function () {
  function begin() {
    requestAnimationFrame(function () {
      setTimeout(function () {
        document.head.append(document.getElementById("hydration-hints").content);
        HYDRATE;
      });
    });
  }
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
})();
