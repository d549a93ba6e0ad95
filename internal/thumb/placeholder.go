package thumb

// Placeholder is an SVG that pages show in place of a missing picture. Its grey is readable on light
// and on dark pages.
const Placeholder = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 48" width="512" height="384"><rect width="64" height="48" fill="#8a93a5" fill-opacity=".18"/>` +
	`<g fill="none" stroke="#7d879b" stroke-width="1.5"><rect x="20" y="14" width="24" height="20" rx="3"/><path d="m21 32 7-8 5 6 3-3 7 5"/><circle cx="38" cy="20" r="2"/></g></svg>`
