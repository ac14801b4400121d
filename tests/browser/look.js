// What a test sees of a page. Evaluates to an object of functions; look.py calls one at a time.
(() => {
  const VISIBLE = { opacityProperty: true, visibilityProperty: true };
  const main = () => document.querySelector('[data-testid=stMain]');

  // Nothing is fetched, drawn again or fading: the same size twice in a row, and the colours of the wanted theme.
  const stands = background => {
    const now = JSON.stringify([innerWidth, main().scrollHeight, [...document.querySelectorAll('svg.main-svg, canvas, [data-testid=stSidebar]')].map(e => e.clientWidth)]);
    const same = window.stoodAt === now;
    window.stoodAt = now;
    const charts = [...main().querySelectorAll('.stPlotlyChart')];
    return same && charts.every(e => [...e.querySelectorAll('svg.main-svg')].every(s => s.clientWidth <= e.clientWidth))
      && getComputedStyle(document.querySelector('.stApp')).backgroundColor === background
      && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]');
  };

  const wider = () => [document.documentElement, main()]
    .filter(e => e.scrollWidth > e.clientWidth)
    .map(e => `${e.dataset.testid || 'document'}, ${e.scrollWidth} px in ${e.clientWidth}`);

  const texts = root => {
    const found = [], walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node; (node = walk.nextNode());) {
      const parent = node.parentElement;
      if (node.data.trim() && !/^(SCRIPT|STYLE|TITLE)$/.test(parent.tagName) && parent.checkVisibility(VISIBLE)) found.push(node);
    }
    return found;
  };

  const boxes = node => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter(b => b.width > 1 && b.height > 1);
  };

  const tooltip = (element, text) => {
    for (let e = element; e; e = e.parentElement) if ((e.getAttribute('title') || '').includes(text)) return true;
    return false;
  };

  // How an ancestor that cannot be scrolled cuts a box off, or null. A part folded to nothing hides its words on purpose.
  const cut = (box, element) => {
    for (let e = element; e && e !== document.documentElement; e = e.parentElement) {
      const style = getComputedStyle(e), b = e.getBoundingClientRect();
      if (b.width <= 2 || b.height <= 2) return null;
      const x = Math.max(box.right - b.right, b.left - box.left), y = Math.max(box.bottom - b.bottom, b.top - box.top);
      if ((x > 1 && /hidden|clip/.test(style.overflowX)) || (y > 4 && /hidden|clip/.test(style.overflowY)))
        return `by ${Math.round(Math.max(x, y))} px in ${e.dataset.testid || e.getAttribute('class') || e.tagName}`;
      if ((x > 0 && /auto|scroll/.test(style.overflowX)) || (y > 0 && /auto|scroll/.test(style.overflowY))) return null;
      if (style.position === 'fixed') return null;
    }
    return null;
  };

  const folded = element => {
    const side = element.closest('[data-testid=stSidebar]');
    return side !== null && side.getBoundingClientRect().width <= 2;
  };

  const clipped = () => {
    const found = [];
    for (const node of texts(document.body)) {
      const text = node.data.trim(), how = boxes(node).map(b => cut(b, node.parentElement)).find(Boolean);
      if (how && !tooltip(node.parentElement, text)) found.push(`${text.slice(0, 80)}, ${how}`);
    }
    for (const field of document.querySelectorAll('input[role=combobox], input[readonly]'))
      if (field.checkVisibility(VISIBLE) && !folded(field) && field.scrollWidth > field.clientWidth + 1 && !tooltip(field, field.value))
        found.push(`${field.value.slice(0, 80)}, in its field`);
    return found;
  };

  // Words of one chart that lie on each other.
  const overlapping = () => [...document.querySelectorAll('svg.main-svg')].flatMap(svg => {
    const all = texts(svg).flatMap(node => boxes(node).map(box => [node.data.trim(), box]));
    return all.flatMap(([one, a], i) => all.slice(i + 1)
      .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
      .map(([two]) => `${one} | ${two}`));
  });

  // Every word a person can see or have read out: texts, cells of tables, labels.
  const words = () => [
    ...texts(document.body).map(node => node.data),
    ...[...document.querySelectorAll('[role=gridcell], [role=columnheader]')].map(e => e.textContent),
    ...[...document.querySelectorAll('[alt], [aria-label], [title]')].flatMap(e => ['alt', 'aria-label', 'title'].map(a => e.getAttribute(a) || '')),
  ];

  // The dashboard's own sentences: no quoted text, command line, badge or kind of file.
  const OTHERS = '[data-testid=stCode], .stMarkdownBadge, [data-testid=stFileUploaderDropzoneInstructions]';
  const prose = () => texts(document.body).filter(node => !node.parentElement.closest(OTHERS)).map(node => node.data);

  return { stands, wider, clipped, overlapping, words, prose };
})()
