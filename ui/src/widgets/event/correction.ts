/** What an amendment of a field begins with, and when it says something that the record does not. */

/** Letters of a value that an amendment may say. */
export const LONGEST = 2000;

/**
 * What is put in place to be corrected.
 *
 * Nothing where it is too long: a part of it would read as a correction that nobody made.
 */
export const prefilled = (says: string | undefined): string => (says === undefined || says.length > LONGEST ? "" : says);

/** Whether a value corrects what the record says. What reads as it was put in place corrects nothing. */
export const corrects = (says: string | undefined, value: string): boolean => value !== prefilled(says);
