import { DeviceError } from '../../lib/errors.js';

/** A package that is not as its format says; nothing of it is taken over. */
export function packageInvalid(message: string, cause?: unknown): DeviceError {
  return new DeviceError('hotlist.package-invalid', {
    message,
    hint: 'Fetch the package again, or ask its owner to publish it anew (to a broker with --resend); the list in force stays in force.',
    ...(cause !== undefined && { cause }),
  });
}

/** A package that no pinned key vouches for; nothing of it is even parsed. */
export function signatureInvalid(
  message: string,
  hint = 'Check that hotlist.lists pins the key its owner signs with (anprctl hotlist keygen prints it).',
): DeviceError {
  return new DeviceError('hotlist.signature-invalid', {
    message,
    hint: `${hint} The list in force stays in force.`,
  });
}
