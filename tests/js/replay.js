/**
 * Runs the client's reducer for tests in another language: each line of the input is `{"session_id", "frames": [...]}`, the
 * frames as a socket sent them (texts or objects, of several sockets one after the other); each line of the output is the
 * snapshot that the client's state amounts to, with `problems`.
 */
import { createInterface } from 'node:readline';
import { apply, initial, toSnapshot } from '../../static/js/stream/reducer.js';
import { Sequencer } from '../../static/js/stream/sequencer.js';
import { parse } from '../../static/js/stream/wire.js';

function replay({ session_id, frames }) {
  const state = initial({ id: session_id });
  const sequencer = new Sequencer();
  const problems = [];
  for (const text of frames) {
    const { frame, problem } = parse(typeof text === 'string' ? text : JSON.stringify(text));
    if (problem) problems.push(problem);
    if (frame) for (const ready of sequencer.receive(frame).apply) apply(state, ready);
  }
  return { ...toSnapshot(state), held: sequencer.held, problems };
}

for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(replay(JSON.parse(line))));
