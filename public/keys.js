// The desk's keys. Every one of them does what a link or button on the page does too.
(function () {
  var places = { n: "/desk/bookings/new", t: "/desk", r: "/desk/rooms", g: "/desk/guests" };
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) { if (menu !== except) menu.open = false; });
  }
  document.addEventListener("click", function (event) { closeMenus(event.target.closest("details.menu")); });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      var open = document.querySelector("details.menu[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); }
      else if (document.activeElement && document.activeElement.matches("input, textarea, select")) document.activeElement.blur();
      else if (!document.querySelector("dialog[open]") && location.pathname.startsWith("/desk/")) history.back();
      return;
    }
    if (event.target.closest("input, textarea, select, dialog")) return;
    var search = document.getElementById("search");
    if (event.key === "/" && search) { event.preventDefault(); search.focus(); }
    else if (event.key === "?") { var keys = document.getElementById("keys"); if (keys && !keys.open) keys.showModal(); }
    else if (places[event.key] && search) {
      // The link of the rail goes there without loading the whole page again.
      var link = document.querySelector('.rail a[href="' + places[event.key] + '"]');
      if (link) link.click();
    }
  });
})();
