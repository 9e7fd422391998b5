/** Machines that read for search engines and previews: they get stable. Not the phones that are called Cubot. */
export const crawlers = /[^u]bot\b|crawl|spider|slurp|externalhit|preview/i;
