// The browser side of the view of a workload's index advice: registers its elements; <workload-view> is in the page's body.
import './base.css';
import './report.css';
import './workload.css';
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-progress-bar/index.js';
import './workload-view';
