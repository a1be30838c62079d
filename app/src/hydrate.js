// What makes the page live is fetched after it was painted, so that it takes no bandwidth from what is seen.
(function () {
  function begin() {
    document.head.append(document.getElementById("hydration-hints").content);
    HYDRATE;
  }
  var types = (window.PerformanceObserver && PerformanceObserver.supportedEntryTypes) || [];
  if (types.includes("paint")) {
    new PerformanceObserver(function (_, observer) {
      observer.disconnect();
      begin();
    }).observe({ type: "paint", buffered: true });
  } else if (document.readyState === "complete") {
    begin();
  } else {
    addEventListener("load", begin);
  }
})();
