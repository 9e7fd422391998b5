//! Errors of others, which are no fault of the app.

/// Who throws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noise {
    /// A script of another origin, without CORS.
    Tracker,
    /// A content script of an extension.
    Extension,
    /// A widget of another origin, which is gone.
    Widget,
    /// The browser's notice that a `ResizeObserver` changes what it observes.
    ResizeObserver,
    /// A forgotten promise of a request that an ad blocker stops.
    Beacon,
    /// An inline script of the page.
    Inline,
    /// A chunk that is lost, which the app handles.
    HandledChunk,
}

impl Noise {
    pub(crate) const ALL: [Self; 7] = [
        Self::Tracker,
        Self::Extension,
        Self::Widget,
        Self::ResizeObserver,
        Self::Beacon,
        Self::Inline,
        Self::HandledChunk,
    ];

    /// The script of the page that throws now and then while a bundle starts and after it is up.
    pub(crate) fn script(self) -> String {
        let once = match self {
            Self::Tracker => {
                "document.head.append(Object.assign(make('script'), { src: `${elsewhere}/.e2e/tracker.js?${n}` }))"
            }
            Self::Extension => {
                "dispatchEvent(new ErrorEvent('error', { message: 'x', filename: 'chrome-extension://abc/content.js' }));
                const error = new Error('x');
                error.stack = 'Error: x at chrome-extension://abc/content.js:1:1';
                Promise.reject(error)"
            }
            Self::Widget => "import(`${elsewhere}/.e2e/widget.js?${n}`)",
            Self::ResizeObserver => {
                "const box = document.documentElement.appendChild(make('div'));
                let width = 1;
                new ResizeObserver(() => width < 9 && (box.style.width = `${++width}px`)).observe(box)"
            }
            Self::Beacon => "fetch('http://127.0.0.1:9/beacon')",
            Self::Inline => "throw new Error('of the page')",
            Self::HandledChunk => {
                "addEventListener('vite:preloadError', (event) => event.preventDefault(), { once: true });
                const event = new Event('vite:preloadError', { cancelable: true });
                event.payload = new TypeError('Failed to fetch dynamically imported module');
                dispatchEvent(event)"
            }
        };
        // The forms of a page can hide the methods of the document.
        format!(
            "{{ const elsewhere = `http://localhost:${{location.port}}`;
            const make = (name) => Document.prototype.createElement.call(document, name);
            for (let n = 0; n < 6; n += 1) setTimeout(() => {{ {once}; }}, n * n * 60); }}"
        )
    }
}
