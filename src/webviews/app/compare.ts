// The browser side of the comparison: registers its elements; <compare-view> is in the page's body.
import './base.css';
import './plan.css';
import './compare.css';
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-progress-bar/index.js';
import './compare-view';
