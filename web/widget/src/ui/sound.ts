// Two soft notes for a message that comes while the guest looks elsewhere. Off until the guest turns it on.

let context: AudioContext | null = null;

/** A browser lets a page sound only after the guest has touched it; one that refuses stays silent. */
export function chime(): void {
  try {
    context ??= new AudioContext();
    void context.resume();
    note(context, 659.25, 0);
    note(context, 880, 0.12);
  } catch {
    // No sound device: the badge says it too.
  }
}

function note(audio: AudioContext, hertz: number, after: number): void {
  const begins = audio.currentTime + after;
  const gain = audio.createGain();
  gain.gain.setValueAtTime(0, begins);
  gain.gain.linearRampToValueAtTime(0.08, begins + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, begins + 0.4);
  const tone = audio.createOscillator();
  tone.frequency.value = hertz;
  tone.connect(gain).connect(audio.destination);
  tone.start(begins);
  tone.stop(begins + 0.45);
}
