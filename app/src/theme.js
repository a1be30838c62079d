// Sets the chosen colours before the first paint, so that a dark desk does not flash white.
(function () {
  var root = document.documentElement;
  function apply(choice) {
    if (choice === "light" || choice === "dark") root.dataset.theme = choice;
    else delete root.dataset.theme;
  }
  try { apply(localStorage.getItem("theme")); } catch (_) { /* storage may be switched off */ }
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-theme-choice]");
    if (!button) return;
    try { localStorage.setItem("theme", button.dataset.themeChoice); } catch (_) { /* as above */ }
    apply(button.dataset.themeChoice);
  });
})();
