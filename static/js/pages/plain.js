import { startShell } from '../ui/shell.js';

startShell();
