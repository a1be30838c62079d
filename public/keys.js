// The desk's keys. Every one of them does what a link or button on the page does too.
(function () {
  // Keys of one letter or sign can be switched off: whoever speaks to the computer would press them by chance.
  var SINGLE = "keyrack-single-keys";
  function singleKeys() { try { return localStorage.getItem(SINGLE) !== "off"; } catch (_) { return true; } }
  function showSingleKeys() { var box = document.getElementById("single-keys"); if (box) box.checked = singleKeys(); }
  document.addEventListener("change", function (event) {
    if (event.target.id !== "single-keys") return;
    try { localStorage.setItem(SINGLE, event.target.checked ? "on" : "off"); } catch (_) { /* storage may be switched off */ }
  });
  // The list of keys is found without a key, too.
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-opens]");
    if (!button) return;
    showSingleKeys();
    document.getElementById(button.dataset.opens).showModal();
  });

  // The rail changes its size without a new page; the form does the same where this does not run.
  document.addEventListener("submit", function (event) {
    if (!event.target.matches(".rail-size") || !event.submitter) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    var button = event.submitter, size = button.value;
    document.querySelector(".desk").dataset.rail = size;
    button.value = size === "slim" ? "wide" : "slim";
    button.setAttribute("aria-expanded", size === "wide");
    document.cookie = "rail=" + size + "; path=/; max-age=31536000; samesite=lax" + (location.protocol === "https:" ? "; secure" : "");
  });
  document.addEventListener("click", function (event) { if (event.target.closest("[data-print]")) print(); });

  var places = { n: "/desk/bookings/new", t: "/desk", r: "/desk/rooms", g: "/desk/guests" };
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) { if (menu !== except) menu.open = false; });
  }
  // A link in a menu leads away from it, without a new page that would begin with it closed.
  document.addEventListener("click", function (event) {
    closeMenus(event.target.closest("a") ? null : event.target.closest("details.menu"));
  });

  // Commands: a list one types into. The arrows choose, Enter goes there.
  function commands() { return document.getElementById("commands"); }
  function shown() { return Array.from(commands().querySelectorAll("li:not([hidden]) a")); }
  function choose(link) {
    shown().forEach(function (other) { other.toggleAttribute("data-chosen", other === link); });
    if (link) link.scrollIntoView({ block: "nearest" });
  }
  function filter() {
    var text = document.getElementById("command").value.trim();
    commands().querySelectorAll("li a").forEach(function (link) {
      var isSearch = link.hasAttribute("data-search");
      link.parentElement.hidden = isSearch ? !text : !link.textContent.toLowerCase().includes(text.toLowerCase());
      if (isSearch) {
        link.querySelector("b").textContent = text;
        link.href = link.pathname + "?text=" + encodeURIComponent(text);
      }
    });
    choose(shown()[0]);
  }
  document.addEventListener("input", function (event) { if (event.target.id === "command") filter(); });
  document.addEventListener("keydown", function (event) {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && commands()) {
      event.preventDefault();
      document.getElementById("command").value = "";
      filter();
      if (!commands().open) commands().showModal();
      return;
    }
    if (event.target.id !== "command") return;
    var links = shown(), at = links.findIndex(function (link) { return link.hasAttribute("data-chosen"); });
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(links[(at + (event.key === "ArrowDown" ? 1 : links.length - 1)) % links.length]);
    } else if (event.key === "Enter" && links[at]) {
      event.preventDefault();
      commands().close();
      links[at].click();
    }
  });
  document.addEventListener("click", function (event) {
    var dialog = event.target.closest("dialog");
    // Outside of a dialog is its own backdrop.
    if (dialog && event.target === dialog) dialog.close();
    if (event.target.closest("#commands a")) commands().close();
  });

  // A form that was sent shows it, and its page comes back where it was: one checks in a whole list without scrolling.
  var KEPT = "keyrack-scroll";
  document.addEventListener("submit", function (event) {
    if (event.target.method !== "post") return;
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    sessionStorage.setItem(KEPT, JSON.stringify([location.pathname, window.scrollY, Date.now()]));
  });
  var kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  sessionStorage.removeItem(KEPT);
  if (kept && kept[0] === location.pathname && Date.now() - kept[2] < 10000 && !location.hash) window.scrollTo(0, kept[1]);
  // A page that the browser kept shows no waiting.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) document.querySelectorAll("[aria-busy]").forEach(function (button) { button.removeAttribute("aria-busy"); });
  });

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
    if (!singleKeys()) return;
    var search = document.getElementById("search");
    if (event.key === "/" && search) { event.preventDefault(); search.focus(); }
    else if (event.key === "?") { var keys = document.getElementById("keys"); if (keys && !keys.open) { showSingleKeys(); keys.showModal(); } }
    else if (places[event.key] && search) {
      // The link of the rail goes there without loading the whole page again.
      var link = document.querySelector('.rail a[href="' + places[event.key] + '"]');
      if (link) link.click();
    }
  });
})();
