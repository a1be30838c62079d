import { defineConfig } from "@playwright/test";

// Every path runs with and without JavaScript, at three sizes: a receptionist's screen, a tablet, a phone.
const sizes = { desktop: { width: 1440, height: 900 }, tablet: { width: 820, height: 1180 }, phone: { width: 390, height: 844 } };

export default defineConfig({
  testDir: "tests",
  outputDir: "results",
  timeout: 40_000,
  // One more than there usually are cores: a path waits now and then.
  workers: 3,
  fullyParallel: true,
  retries: 0,
  reporter: [["line"], ["json", { outputFile: "results/report.json" }]],
  use: {
    baseURL: process.env.BASE_URL ?? "http://127.0.0.1:3000",
    launchOptions: {
      // Without one, Playwright's own.
      executablePath: process.env.KEYRACK_CHROMIUM,
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
      ],
    },
    screenshot: "only-on-failure",
  },
  projects: Object.entries(sizes).flatMap(([size, viewport]) =>
    [true, false].map((javaScriptEnabled) => ({
      name: `${size}${javaScriptEnabled ? "" : "-no-js"}`,
      use: {
        viewport, javaScriptEnabled,
        // Motion between pages, drawn by a processor, takes a third of the time of a path: it is looked at once, at the desk.
        contextOptions: { reducedMotion: size === "desktop" && javaScriptEnabled ? "no-preference" : "reduce" },
      },
    })),
  ),
});
