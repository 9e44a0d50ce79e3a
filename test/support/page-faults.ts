/// <reference lib="dom" />

// Checks that run inside the page. Each function is sent to the browser alone, so it uses no other one.

/** Faults of the page's structure, at any width. */
export function faultsOfStructure(): string[] {
  const faults: string[] = [];
  const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
  const visible = (selector: string) => all(selector).filter((element) => element.checkVisibility());
  if (document.title.trim() === '') faults.push('It has no title.');
  if (!/^en\b/.test(document.documentElement.lang)) faults.push('It does not declare its language.');
  if (visible('main').length !== 1) faults.push('It has no main landmark, or several.');
  const levels = visible('h1, h2, h3, h4, h5, h6').map(({ tagName }) => Number(tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) faults.push('It has no first heading, or several.');
  if (levels.some((level, index) => level > (levels[index - 1] ?? 0) + 1)) {
    faults.push(`It skips a level of headings: ${levels.join(', ')}`);
  }
  if (visible('.primary').length > 1) faults.push('It has several primary actions.');
  for (const image of all('img:not([alt])')) faults.push(`No text for the picture ${image.outerHTML}`);
  for (const element of all('[style]')) faults.push(`A style of its own: ${element.outerHTML.slice(0, 200)}`);
  return faults;
}

/** Faults at the current width and motion preference: sideways scrolling, and unwanted motion. */
export function faultsOfRoom(): string[] {
  const faults: string[] = [];
  const { scrollWidth } = document.scrollingElement ?? document.body;
  if (scrollWidth > innerWidth) {
    const widest = [...document.body.querySelectorAll('*')].find(
      (element) => element.getBoundingClientRect().right > innerWidth + 0.5,
    );
    faults.push(`It scrolls sideways, ${scrollWidth} px wide: ${widest?.outerHTML.slice(0, 160)}`);
  }
  if (document.getAnimations().some(({ playState }) => playState === 'running')) {
    faults.push('Something moves although no motion is wanted.');
  }
  return faults;
}

/** Targets that a finger misses (WCAG 2.5.8): under 24 pixels, neither part of a text nor with room around them. */
export function faultsOfTargets(): string[] {
  const least = 24;
  const middle = ({ left, right, top, bottom }: DOMRect) => ({
    x: (left + right) / 2,
    y: (top + bottom) / 2,
  });
  const isSmall = ({ width, height }: DOMRect) => width < least - 0.5 || height < least - 0.5;
  const controls = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
  const targets = [...document.querySelectorAll<HTMLElement>(controls)]
    .filter(
      (element) => element.checkVisibility({ visibilityProperty: true }) && !element.matches(':disabled'),
    )
    .map((element) => ({ element, box: (element.closest('label') ?? element).getBoundingClientRect() }));
  const isInSentence = (element: HTMLElement): boolean =>
    getComputedStyle(element).display === 'inline' &&
    [...(element.parentElement?.childNodes ?? [])].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '',
    );
  // A circle of 24 pixels around its middle touches no other target, nor the circle of another small one.
  const hasRoom = (box: DOMRect): boolean =>
    targets.every(({ box: other }) => {
      if (other === box) return true;
      const [here, there] = [middle(box), middle(other)];
      if (isSmall(other)) return Math.hypot(there.x - here.x, there.y - here.y) >= least;
      const gapX = Math.max(other.left - here.x, 0, here.x - other.right);
      const gapY = Math.max(other.top - here.y, 0, here.y - other.bottom);
      return Math.hypot(gapX, gapY) >= least / 2;
    });
  return targets
    .filter(({ element, box }) => isSmall(box) && !isInSentence(element) && !hasRoom(box))
    .map(
      ({ element, box }) => `A target of ${box.width} × ${box.height} px: ${element.outerHTML.slice(0, 160)}`,
    );
}

/** Words that would have room in a line of their own page, and are broken in the middle all the same. */
export function faultsOfBrokenWords(): string[] {
  const longest = 20;
  const faults: string[] = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!text.parentElement?.checkVisibility()) continue;
    for (const { 0: word, index } of (text.textContent ?? '').matchAll(/\S+/g)) {
      // Addresses, identifiers and words with a hyphen may break.
      if (word.length > longest || /[^\p{L}\p{M}\p{N}.,:;!?$’“”()]/u.test(word)) continue;
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (lines.size > 1) faults.push(`A broken word: ${word}`);
    }
  }
  return faults;
}

/** Text that is cut off at its present size. */
export function faultsOfCutText(): string[] {
  return [...document.body.querySelectorAll<HTMLElement>('*')]
    .filter((element) => {
      const { overflowX, clipPath } = getComputedStyle(element);
      const cuts = (overflowX === 'hidden' || overflowX === 'clip') && clipPath === 'none';
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element;
      return cuts && (scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 1);
    })
    .map((element) => `Cut off: ${element.outerHTML.slice(0, 160)}`);
}

/** The fault of the focused element; null when it is visible. */
export function faultOfFocus(): string | null {
  const element = document.activeElement;
  if (!element || element === document.body) return 'The Tab key leads nowhere.';
  const html = element.outerHTML.slice(0, 160);
  const styles = [getComputedStyle(element), getComputedStyle(element, '::after')];
  const isOutlined = styles.some(
    ({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && outlineWidth !== '0px',
  );
  if (!isOutlined) return `No focus is seen on ${html}`;
  const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
  const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
  const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
  const isInViewport =
    width > 0 && height > 0 && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
  if (!isInViewport) return `Outside the viewport has the focus: ${html}`;
  const onTop = document.elementFromPoint(x, y);
  const isCovered = !element.contains(onTop) && onTop?.closest('label')?.control !== element;
  return isCovered ? `Something lies over what has the focus: ${html}` : null;
}

/** The contrast of a text with its background; 0 when the colours do not decide it. */
export function contrastOf(selector: string): number {
  const element = document.querySelector(selector);
  if (!element) return 0;
  const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([red = 0, green = 0, blue = 0]: number[]): number => {
    const [r = 0, g = 0, b = 0] = [red, green, blue]
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const { color } = getComputedStyle(element);
  for (let ground: Element | null = element; ground; ground = ground.parentElement) {
    const { backgroundColor, backgroundImage, opacity } = getComputedStyle(ground);
    if (backgroundImage !== 'none' || opacity !== '1' || !backgroundColor.startsWith('rgb')) return 0;
    const [, , , alpha = 1] = channels(backgroundColor);
    if (alpha === 0) continue;
    if (alpha < 1 || channels(color).length === 4) return 0;
    const [text, paint] = [luminance(channels(color)), luminance(channels(backgroundColor))];
    return (Math.max(text, paint) + 0.05) / (Math.min(text, paint) + 0.05);
  }
  return 0;
}
