/** What the poller needs to be let in, as the files had it last: handed to a driver when it opens a connection, and shown nowhere. */
import type { Credential, Credentials } from "../domain/credentials.ts";
import type { Check } from "../domain/plan.ts";

export class Vault {
  #credentials: Credentials;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** From here on these and no others: a connection that stands goes on with what it was opened with. */
  replace(credentials: Credentials): void {
    this.#credentials = credentials;
  }

  /** Undefined as well where it is of another kind than the plan has it. */
  credentialOf({ credentials }: Check): Credential | undefined {
    const credential = credentials && this.#credentials.get(credentials.id);
    return credential?.kind === credentials?.kind ? credential : undefined;
  }
}
