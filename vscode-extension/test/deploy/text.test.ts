import { expect, it } from "vitest";
import { plain, withoutLogin } from "../../src/deploy/text";

it("leaves tokens and passwords out of URLs", () => {
  expect(withoutLogin("https://ada:s3cret@host/a/b.git")).toBe("https://host/a/b.git");
  expect(withoutLogin("HTTPS://token@host:8443/a?b")).toBe("HTTPS://host:8443/a?b");
  expect(withoutLogin("https://ada:s@cret@host/a")).toBe("https://host/a");
  expect(withoutLogin("ssh://git:s3cret@host:22/a.git")).toBe("ssh://git@host:22/a.git");
  expect(withoutLogin("cannot clone https://t@host/a: https://t@host/a is not there")).toBe(
    "cannot clone https://host/a: https://host/a is not there",
  );
});

it("leaves every other address as it is", () => {
  for (const repo of [
    "https://host/a@b.git",
    "https://host/@ada/shop",
    "ssh://git@host:22/a",
    "git@host:a/b.git",
    "/home/ada/a@b",
  ]) {
    expect(withoutLogin(repo)).toBe(repo);
  }
});

it("lets no foreign text have icons", () => {
  expect(plain("echo $(date) $(pass)")).not.toMatch(/\$\(\w/);
  expect(plain("echo $HOME (date)")).toBe("echo $HOME (date)");
});
