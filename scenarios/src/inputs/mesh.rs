//! The mailbox that a request is sent for, and its authorisation. Called by `inputs` while a request is rendered.

use super::{DRAW_NONCE, Inputs, Rule, uuid};
use crate::credentials::{FromMesh, OfMesh};
use crate::mesh_token;

impl Inputs<'_> {
    /// For the mailbox that the interaction says, in the synthetic environment.
    pub(super) fn write_mesh(&mut self, out: &mut Vec<u8>) {
        let (draw, now) = (self.draw, self.moment());
        let nonce = |out: &mut Vec<u8>| uuid(out, draw, DRAW_NONCE, false);
        match self.rules.mailbox {
            Rule::Capture => {
                let (mailbox, password) = (self.captured("mailbox"), self.captured("password"));
                mesh_token::write(out, mesh_token::synthetic(), mailbox, password, nonce, now);
            }
            rule => {
                let recipient = rule == Rule::Recipient;
                let mailbox = self.mailbox(recipient);
                let password = self.cx.population.short_mailbox_password(self.endpoint_of(recipient));
                mesh_token::write(out, mesh_token::synthetic(), &mailbox, &password, nonce, now);
            }
        }
    }

    /// In an environment of the user's own: its mailbox, its password, or a token under its shared key. The token is for the
    /// mailbox handed over where the interaction says so.
    pub(super) fn write_own_mesh(&mut self, from: &FromMesh, out: &mut Vec<u8>) {
        let own = &from.own;
        let (mailbox, password) = match (from.of, self.rules.mailbox) {
            (OfMesh::Mailbox, _) => return out.extend_from_slice(own.mailbox.as_bytes()),
            (OfMesh::Password, _) => return out.extend_from_slice(own.password.expose().as_bytes()),
            (OfMesh::Authorization, Rule::Capture) => (self.captured("mailbox"), self.captured("password")),
            (OfMesh::Authorization, _) => (own.mailbox.as_str(), own.password.expose()),
        };
        let (draw, now) = (self.draw, self.moment());
        let nonce = |out: &mut Vec<u8>| uuid(out, draw, DRAW_NONCE, false);
        mesh_token::write(out, own.keyed.as_ref(), mailbox, password, nonce, now);
    }
}
