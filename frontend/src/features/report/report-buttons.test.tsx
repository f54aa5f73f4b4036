import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerOf } from '@/testing/answers';
import { ReportButtons } from './report-buttons';
import { save } from './save';
import { type ReportSubject, writeReport } from './write-report';

vi.mock('./save');
vi.mock('./write-report');

const answer = answerOf({ request_id: 'abc-1' });
const subject: ReportSubject = {
  url: 'blob:film',
  answer,
  changes: null,
  map: null,
  colours: 'viridis',
  coarse: false,
  mapLabel: 'Film and map',
  warnings: [],
  notes: ['A note.'],
  details: [['Request id', 'abc-1']],
};
const PDF = new Blob(['%PDF-1.7'], { type: 'application/pdf' });

beforeEach(() => {
  vi.mocked(writeReport).mockResolvedValue(PDF);
  render(<ReportButtons {...subject} />);
});
afterEach(() => {
  vi.mocked(save).mockReset();
  vi.mocked(writeReport).mockReset();
});

const button = (name: string) => screen.getByRole('button', { name });

describe('the report', () => {
  it('is saved under the request’s id, which is no patient’s name', async () => {
    await userEvent.click(button('PDF report'));
    expect(save).toHaveBeenCalledWith(PDF, 'pneumonet-abc-1.pdf');
    expect(vi.mocked(writeReport).mock.lastCall?.[0]).toEqual(subject);
    expect(button('PDF report')).toBeEnabled();
  });

  it('is written once at a time', async () => {
    let finish: (pdf: Blob) => void = () => {};
    vi.mocked(writeReport).mockReturnValue(new Promise((resolve) => (finish = resolve)));
    await userEvent.click(button('PDF report'));
    expect(button('Writing…')).toBeDisabled();
    finish(PDF);
    expect(await screen.findByRole('button', { name: 'PDF report' })).toBeEnabled();
  });

  it('that cannot be written says so', async () => {
    vi.mocked(writeReport).mockRejectedValue(new Error('This browser cannot draw.'));
    await userEvent.click(button('PDF report'));
    expect(screen.getByRole('status')).toHaveTextContent('That did not work in this browser.');
    expect(save).not.toHaveBeenCalled();
  });
});

describe('the copy as JSON', () => {
  it('is the answer as the service gave it', async () => {
    const user = userEvent.setup();
    await user.click(button('Copy as JSON'));
    expect(JSON.parse(await navigator.clipboard.readText())).toEqual(answer);
    expect(button('Copied')).toBeInTheDocument();
    expect(screen.getByRole('status')).toHaveTextContent('Copied');
  });

  it('says beside the answer what the page changed on the film', async () => {
    cleanup();
    const changes = { corrections: ['invert'], shrunk: true };
    render(<ReportButtons {...subject} changes={changes} />);
    const user = userEvent.setup();
    await user.click(button('Copy as JSON'));
    expect(JSON.parse(await navigator.clipboard.readText())).toEqual({ ...answer, page: changes });
  });

  it('that the browser does not allow says so', async () => {
    const user = userEvent.setup();
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new DOMException('No.', 'NotAllowedError'));
    await user.click(button('Copy as JSON'));
    expect(screen.getByRole('status')).toHaveTextContent('That did not work in this browser.');
    expect(button('Copy as JSON')).toBeInTheDocument();
  });
});
