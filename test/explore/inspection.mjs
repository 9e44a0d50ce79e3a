// Runs in every page that is explored, and leaves the accessibility faults of its present state in `window.exploration`.
// The gateway serves it behind axe, because the pages allow scripts of their own origin only.

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const lookEveryMs = 300;

const { axe, exploration } = window;

// A new state asks for a new look, which one state waits for and the next one reports.
for (;;) {
  if (exploration.isAsked) {
    exploration.isAsked = false;
    const { violations } = await axe.run({
      runOnly: { type: 'tag', values: standards },
      iframes: false,
      resultTypes: ['violations'],
    });
    exploration.faults = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
    exploration.looks += 1;
  }
  await new Promise((resolve) => {
    setTimeout(resolve, lookEveryMs);
  });
}
