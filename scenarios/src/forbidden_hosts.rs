//! Hosts that no load may reach, whoever authorised it: the national services of NHS England and their shared test
//! environments. Called by `target` for every URL that is asked. It knows names alone: an address, or a name of somebody's
//! own that leads to such a host, it cannot tell.

/// A domain with all its sub-domains, and what it is.
struct Forbidden {
    domain: &'static str,
    what: &'static str,
}

const fn row(domain: &'static str, what: &'static str) -> Forbidden {
    Forbidden { domain, what }
}

/// All of them. The comment says where NHS England publishes the name.
const FORBIDDEN: &[Forbidden] = &[
    // `servers` of the FHIR specifications (personal-demographics.yaml and the others): production, int., sandbox. and more.
    // The e-RS specification says of the path to live that it is for functional tests and not for performance tests.
    row("api.service.nhs.uk", "the NHS API platform, whose terms allow no load on any of its environments"),
    // mesh-api.yaml, environments (mesh-sync.); the EPS specification (directory.); NHS CIS2's issuers (am.nhsidentity.).
    row("spineservices.nhs.uk", "Spine, its directory, MESH and CIS2"),
    // mesh-api.yaml, environments: msg.intspineservices.nhs.uk.
    row("intspineservices.nhs.uk", "Spine's integration environment"),
    // mesh-api.yaml, `servers` (mesh-sync.national.) and examples (msg.int.spine2.).
    row("ncrs.nhs.uk", "Spine and MESH on the national network"),
    // mesh-api.yaml, names in the certificates of clients.
    row("mesh-client.nhs.uk", "MESH"),
    // The sender in published ebXML messages.
    row("spine.nhs.uk", "Spine"),
    // The EPS specification, `servers`: prescribe-dispense.dev.eps.national.nhs.uk.
    row("national.nhs.uk", "national services"),
    // mesh-api.yaml, where applications are registered: onboarding.prod.api.platform.nhs.uk.
    row("platform.nhs.uk", "the NHS API platform's own services"),
    // Documentation that all specifications name.
    row("digital.nhs.uk", "NHS England's own sites"),
    // summary-care-record.yaml, the National Service Desk's portal.
    row("digitalservices.nhs.uk", "NHS England's service desk"),
    // Documentation that the specifications name.
    row("developer.nhs.uk", "NHS England's developer sites"),
    row("datadictionary.nhs.uk", "NHS England's data dictionary"),
    // Identifiers of all FHIR profiles and code systems.
    row("fhir.nhs.uk", "the national FHIR registry"),
    // mesh-api.yaml, addresses of mailboxes.
    row("dts.nhs.uk", "MESH's addresses"),
    // The EPS specification, guidance on endorsements.
    row("nhsbsa.nhs.uk", "the NHS Business Services Authority"),
    // NHS login's issuers: auth.login., auth.sandpit.signin. and auth.aos.signin.
    row("login.nhs.uk", "NHS login"),
    row("signin.nhs.uk", "NHS login's test environments"),
    row("www.nhs.uk", "the national website"),
];

/// What the forbidden host is, if it is one. Upper case and dots at the end make no other host of it.
pub(crate) fn forbidden(host: &str) -> Option<&'static str> {
    let host = host.trim_end_matches('.');
    // The national domain itself leads to the national website.
    if host.eq_ignore_ascii_case("nhs.uk") {
        return Some("the national website");
    }
    let below = |domain: &str| {
        let at = host.len().checked_sub(domain.len())?;
        let same = host.get(at..)?.eq_ignore_ascii_case(domain);
        (same && (at == 0 || host.as_bytes()[at - 1] == b'.')).then_some(())
    };
    FORBIDDEN.iter().find(|row| below(row.domain).is_some()).map(|row| row.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_hosts_are_known_in_every_spelling() {
        for host in [
            "api.service.nhs.uk",
            "API.Service.NHS.uk",
            "api.service.nhs.uk.",
            "api.service.nhs.uk..",
            "int.api.service.nhs.uk",
            "sandbox.api.service.nhs.uk",
            "internal-dev.api.service.nhs.uk",
            "mesh-sync.spineservices.nhs.uk",
            "mesh-sync.national.ncrs.nhs.uk",
            "msg.int.spine2.ncrs.nhs.uk",
            "am.nhsidentity.spineservices.nhs.uk",
            "digital.nhs.uk",
            "auth.login.nhs.uk",
            "nhs.uk",
            "NHS.UK.",
            "www.nhs.uk",
        ] {
            assert!(forbidden(host).is_some(), "{host}");
        }
    }

    #[test]
    fn an_organisations_own_system_is_not_taken_for_a_national_one() {
        for host in [
            "pas.anytrust.nhs.uk",
            "notapi.service.nhs.uk",
            "xdigital.nhs.uk",
            "api.service.nhs.uk.example.org",
            "spineservices.nhs.uk.test",
            "uk",
            "",
            "localhost",
        ] {
            assert_eq!(forbidden(host), None, "{host}");
        }
    }
}
