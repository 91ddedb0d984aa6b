"""After a cut: whether the subscription is still ours, and what the server sent that never arrived.

The server keeps what was not acknowledged. On a session that lives on, the subscription is still ours without being
asked for; on a new session it must be transferred, and `BadNothingToDo` says that it was ours already. `Republish`
gives the kept messages again, one number after the other, until the server has none of that number: it says
`BadMessageNotAvailable`, or sends an empty message (asyncua's server, which never says the former).

Source: OPC UA Part 4, 5.14.6 (Republish), 5.14.7 (TransferSubscriptions), 6.7 (re-establishing connections).
"""

import asyncio
import logging
from typing import Final

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua import uaerrors
from asyncua.ua.status_codes import StatusCodes

from connectors.errors import FieldLostError

LAST_SEQUENCE: Final = 2**32 - 1
_logger = logging.getLogger(__name__)


class SubscriptionGoneError(FieldLostError):
    """The server holds the subscription no longer; another one is made and the gap back-filled."""


def sequence_after(sequence: int) -> int:
    """The number of the next message; they wrap to 1, because 0 is never used."""
    return 1 if sequence >= LAST_SEQUENCE else sequence + 1


async def still_ours(services: UaSession, subscription: int, *, resumed: bool, timeout_s: float) -> bool:
    """Whether the subscription goes on in this session, transferring it where the session is a new one."""
    if resumed:
        return True
    parameters = ua.TransferSubscriptionsParameters()
    parameters.SubscriptionIds = [ua.UInt32(subscription)]
    parameters.SendInitialValues = False
    try:
        async with asyncio.timeout(timeout_s):
            results = await services.transfer_subscriptions(parameters)
    except uaerrors.UaStatusCodeError as error:
        _logger.info("subscription %d cannot be transferred (%s)", subscription, error)
        return False
    code = int(results[0].StatusCode.value) if results else int(StatusCodes.BadSubscriptionIdInvalid)
    return code in (0, StatusCodes.BadNothingToDo)


async def republish(
    services: UaSession, subscription: int, sequence: int, timeout_s: float
) -> ua.NotificationMessage | None:
    """The message of this number once more; None where the server does not have it.

    Raises
    ------
    SubscriptionGoneError
        Where the server does not know the subscription.
    """
    try:
        async with asyncio.timeout(timeout_s):
            message = await services.republish(subscription, sequence)
    except uaerrors.BadMessageNotAvailable:
        return None
    except (uaerrors.BadSubscriptionIdInvalid, uaerrors.BadNoSubscription) as error:
        raise SubscriptionGoneError(f"subscription {subscription} is gone ({error}); another one is made") from error
    except uaerrors.UaStructParsingError:
        _logger.exception("message %d of subscription %d cannot be read; it counts as lost", sequence, subscription)
        return None
    return message if message.NotificationData else None
