// Certificates as a test needs them: an authority, and what it signs. Only the key pairs come from Node, which can't make
// certificates.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import forge from 'node-forge';

export interface Certificate {
  /** PEM. */
  certificate: string;
  /** PEM. */
  key: string;
}

interface CertificateOptions {
  commonName: string;
  /** Names and addresses of a server. */
  hosts?: readonly string[];
  expired?: boolean;
}

const dayMs = 24 * 60 * 60 * 1000;

function makeCertificate(
  { commonName, hosts, expired = false }: CertificateOptions,
  issuer: Certificate | null,
): Certificate {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(pair.publicKey);
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - 2 * dayMs);
  certificate.validity.notAfter = new Date(Date.now() + (expired ? -dayMs : dayMs));
  const subject = [{ name: 'commonName', value: commonName }];
  certificate.setSubject(subject);
  certificate.setIssuer(
    issuer === null ? subject : forge.pki.certificateFromPem(issuer.certificate).subject.attributes,
  );
  const isAddress = (host: string) => /^[\d.]+$/.test(host);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: issuer === null && hosts === undefined },
    ...(hosts === undefined
      ? []
      : [
          {
            name: 'subjectAltName',
            altNames: hosts.map((host) => (isAddress(host) ? { type: 7, ip: host } : { type: 2, value: host })),
          },
        ]),
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(issuer?.key ?? pair.privateKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key: pair.privateKey };
}

export function makeAuthority(commonName: string): Certificate {
  return makeCertificate({ commonName }, null);
}

export function issueCertificate(authority: Certificate, options: CertificateOptions): Certificate {
  return makeCertificate(options, authority);
}

export function makeSelfSigned(options: CertificateOptions): Certificate {
  return makeCertificate(options, null);
}
