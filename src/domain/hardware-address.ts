/** Hardware addresses (MAC, EUI-48): as people write them, and as one number, by which a table that is sorted by them goes on. */

/** Bytes of one. */
export const hardwareAddressBytes = 6;
/** Addresses from 0 on; each is exact in a number. */
export const hardwareAddresses: number = 2 ** 48;

/** `00:80:f4:0a:0b:0c`. @param bytes each a whole number from 0 to 255 */
export function hardwareAddressWords(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** @param bytes six, each a whole number from 0 to 255 */
export function hardwareAddressNumber(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Six bytes. @param number a whole number from 0 on, below `hardwareAddresses` */
export function hardwareAddressOf(number: number): readonly number[] {
  return Array.from({ length: hardwareAddressBytes }, (_, at) => Math.floor(number / 256 ** (hardwareAddressBytes - 1 - at)) % 256);
}
