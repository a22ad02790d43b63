import { startShell } from '../ui/shell/shell.js';

startShell();
