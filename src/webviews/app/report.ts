// The browser side of the report view: registers its elements; <report-view> is in the page's body.
import './base.css';
import './report.css';
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-progress-bar/index.js';
import './report-view';
