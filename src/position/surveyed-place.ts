import type { Place } from '../domain/position.js';
import { DeviceError } from '../lib/errors.js';
import { loadSecret, type SecretKind } from '../lib/secret-file.js';
import { isPlace } from './place.js';

const SURVEYED_PLACE: SecretKind = {
  name: 'surveyed place',
  credential: 'surveyed-place',
  defaultPath: '/etc/anprd/surveyed-place',
  form: 'latitude and longitude in degrees in one line with a comma between them',
  reason: 'position.surveyedFile names it',
  ifExposed: 'tell who is responsible for the site',
  ifMissing: 'write it anew',
  ifLost: 'it has to be surveyed again',
  missing: 'position.survey-invalid',
  notMade: 'position.survey-invalid',
};

/**
 * The place in the file that the configuration names, which is read as a key is: nobody but its owner may be
 * able to read it, and nothing of it is in an error.
 * @returns undefined where none is configured.
 * @throws DeviceError position.survey-invalid
 */
export function loadSurveyedPlace(
  surveyedFile: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Place | undefined {
  if (surveyedFile === undefined) return undefined;
  try {
    return loadSecret(SURVEYED_PLACE, { keyFile: surveyedFile }, parsePlace, env);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    // Keys are made by a command; a place is written by hand.
    throw new DeviceError(error.code, {
      message: error.message,
      hint: `Write latitude and longitude in degrees, north and east positive, into ${surveyedFile}, as in 54.5,-3.25, readable for the user of the service alone (mode 600); or leave position.surveyedFile out.`,
      cause: error.cause,
    });
  }
}

function parsePlace(text: string): Place | undefined {
  const fields = /^\s*([+-]?\d{1,2}(?:\.\d+)?)\s*,\s*([+-]?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  if (!fields) return undefined;
  const place = { latitudeDeg: Number(fields[1]), longitudeDeg: Number(fields[2]) };
  return isPlace(place) ? place : undefined;
}
