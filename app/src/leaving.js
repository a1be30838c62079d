// Notes from the first moment that the page is being left, which is known in time only before: a page that comes alive meanwhile
// would ask for things when its session is over. Not every way out is one: a file is downloaded, or a page does not come.
addEventListener("beforeunload", function () {
  var root = document.documentElement;
  root.dataset.leaving = "";
  setTimeout(function () { delete root.dataset.leaving; }, 5000);
});
