import { act, fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useWorklist } from '@/features/worklist/store';
import { answerOf, newFields } from '@/testing/answers';
import { stubCanvas } from '@/testing/canvas';
import { jpeg } from '@/testing/films';
import { stubPictures } from '@/testing/pictures';
import { accessAnswers, failure, health, healthAnswers, predictAnswers } from '@/testing/service';
import { resetStores } from '@/testing/stores';
import { App } from './app';

const PATIENT = 'DOE^JANE.jpg';

beforeEach(() => {
  stubCanvas();
  stubPictures({ width: 200, height: 100 });
  healthAnswers(() => health('healthy'));
  predictAnswers();
});
afterEach(resetStores);

/** Open the page and choose films on it. */
async function choose(...files: File[]): Promise<void> {
  render(<App />);
  await userEvent.upload(screen.getByLabelText('Choose films', { selector: 'input' }), files);
}

const news = () => screen.getByTestId('news');
const answer = () => screen.getByRole('region', { name: /^Answer: / });
const finding = () => screen.findByRole('heading', { name: 'Bacterial pneumonia' });
const button = (name: string) => screen.getByRole('button', { name });

describe('a film that is chosen', () => {
  it('is sent, answered, shown with its map and announced', async () => {
    await choose(jpeg(PATIENT));
    expect(await finding()).toBeInTheDocument();
    const said = `${PATIENT}: Bacterial pneumonia, 92.35%. High risk: bacterial pneumonia indicated.`;
    await waitFor(() => expect(news()).toHaveTextContent(said));
    expect(button(`${PATIENT} High risk`)).toHaveAttribute('aria-current', 'true');
    expect(
      await screen.findByRole('group', { name: /^Film and map for “Bacterial pneumonia”/ }),
    ).toBeInTheDocument();
    expect(screen.getByRole('contentinfo')).toHaveTextContent('Not a medical device.');
  });

  it('and fails can be sent again', async () => {
    predictAnswers(() => failure(500, 'internal_error'));
    await choose(jpeg('film.jpg'));
    await waitFor(() => expect(answer()).toHaveTextContent('Something failed in the service.'));
    expect(answer()).toHaveTextContent('Request request-2');
    predictAnswers();
    await userEvent.click(button('Send film.jpg again'));
    expect(await finding()).toBeInTheDocument();
  });

  it('and is no film is refused by name', async () => {
    render(<App />);
    const notes = new File(['no film'], 'notes.txt', { type: 'text/plain' });
    fireEvent.drop(screen.getByLabelText('Choose films', { selector: 'input' }), {
      dataTransfer: { files: [notes], types: ['Files'] },
    });
    await waitFor(() =>
      expect(news()).toHaveTextContent(
        'notes.txt was not sent: it cannot be used. Not sent: this is neither a JPEG nor a PNG picture.',
      ),
    );
    expect(answer()).toHaveTextContent('neither a JPEG nor a PNG');
  });

  it('is put off while the service asks to wait, then sent', async () => {
    predictAnswers(() => failure(503, 'overloaded', { 'Retry-After': '1' }));
    await choose(jpeg('film.jpg'));
    await waitFor(() => expect(answer()).toHaveTextContent('The service asked to wait'));
    predictAnswers();
    expect(await finding()).toBeInTheDocument();
  });
});

describe('several films', () => {
  it('have their answers told apart, and stand by their risk', async () => {
    let count = 0;
    predictAnswers(() =>
      HttpResponse.json(count++ === 0 ? answerOf({ prediction: 'NORMAL', risk_code: 'none' }) : answerOf()),
    );
    await choose(jpeg('calm.jpg'), jpeg('urgent.jpg'));
    await waitFor(() => expect(screen.getAllByRole('listitem')[0]).toHaveTextContent('urgent.jpgHigh risk'));
    expect(button('calm.jpg No immediate risk')).toHaveAttribute('aria-current', 'true');
    expect(answer()).toHaveTextContent('A normal answer does not exclude pneumonia.');
    await userEvent.click(button('urgent.jpg High risk'));
    expect(await finding()).toBeInTheDocument();
    expect(answer()).not.toHaveTextContent('does not exclude pneumonia');
  });
});

it('a film that is pasted is taken in', async () => {
  render(<App />);
  fireEvent.paste(document.body, { clipboardData: { files: [jpeg('pasted.jpg')] } });
  expect(await finding()).toBeInTheDocument();
  expect(button('pasted.jpg High risk')).toBeInTheDocument();
});

it('an empty page says what to do, and is there again when all films are removed', async () => {
  await choose(jpeg('film.jpg'));
  await finding();
  await userEvent.click(button('Remove all films'));
  expect(screen.getByRole('heading', { name: 'A second look at a chest radiograph' })).toBeInTheDocument();
});

describe('the keyboard goes to the page’s main part when what had it goes', () => {
  const keptByMain = () => waitFor(() => expect(screen.getByRole('main')).toHaveFocus());

  it('with the last film', async () => {
    await choose(jpeg('film.jpg'));
    await finding();
    await userEvent.click(button('Remove film.jpg'));
    await keptByMain();
  });

  it('with all films', async () => {
    await choose(jpeg('film.jpg'));
    await finding();
    await userEvent.click(button('Remove all films'));
    await keptByMain();
  });

  it('with signing in and out', async () => {
    accessAnswers({ required: true, methods: ['key'], oidc: null });
    render(<App />);
    await userEvent.type(await screen.findByLabelText('API key'), 'key-1{Enter}');
    await keptByMain();
    await userEvent.click(button('Sign out'));
    await keptByMain();
  });

  it('with the offer to shrink a film that cannot be shrunk', async () => {
    vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('It cannot be decoded.')));
    await choose(jpeg('film.jpg', 11 * 2 ** 20));
    await userEvent.click(
      (await screen.findAllByRole('button', { name: 'Shrink and send' }))[0] ?? document.body,
    );
    await screen.findByText('This browser cannot shrink it.');
    await keptByMain();
  });

  it('and stays where its reader left it, or nowhere', async () => {
    await choose(jpeg('a.jpg'), jpeg('b.jpg'));
    const remove = await screen.findByRole('button', { name: 'Remove a.jpg' });
    remove.focus();
    remove.blur();
    await Promise.resolve(); // a reader does one thing after the other
    act(() => useWorklist.getState().remove(useWorklist.getState().films[0]?.id ?? ''));
    await waitFor(() => expect(remove).not.toBeInTheDocument());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(document.body).toHaveFocus();
  });
});

it('the page says so when the service cannot be reached', async () => {
  healthAnswers(() => HttpResponse.error());
  render(<App />);
  expect(await screen.findByRole('alert')).toHaveTextContent('The service cannot be reached');
  expect(screen.getByText('Service unreachable')).toBeInTheDocument();
});

describe('the help', () => {
  it('opens by its button, closes by Escape, and leaves the keyboard where it was', async () => {
    render(<App />);
    await userEvent.click(button('Help'));
    expect(screen.getByRole('dialog', { name: 'Help' })).toHaveTextContent('aged 1 to 5 years');
    await userEvent.keyboard('{Escape}');
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
    await waitFor(() => expect(button('Help')).toHaveFocus());
  });

  it('opens by its key, and turns keys off', async () => {
    render(<App />);
    await userEvent.keyboard('?');
    await userEvent.click(screen.getByRole('tab', { name: 'Keys' }));
    await userEvent.click(screen.getByRole('switch', { name: 'Single keys steer the page' }));
    await userEvent.click(button('Close'));
    await userEvent.keyboard('?');
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });
});

it('the browser keeps the reader’s preferences, and nothing of any film', async () => {
  await choose(jpeg(PATIENT));
  await finding();
  await userEvent.click(button('Theme: dark'));
  await userEvent.click(button('Invert'));
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Language' }), 'English');
  expect(Object.keys(localStorage).sort()).toEqual(['pneumonet.language', 'pneumonet.preferences']);
  expect(localStorage.getItem('pneumonet.language')).toBe('en');
  expect(JSON.parse(localStorage.getItem('pneumonet.preferences') ?? '')).toEqual({
    state: { theme: 'light', shortcuts: true },
    version: 0,
  });
  expect(sessionStorage).toHaveLength(0);
  expect(document.cookie).toBe('');
});

describe('a service that wants to know who asks', () => {
  const signIn = () => screen.queryByRole('heading', { name: 'Sign in' });
  const give = async (key: string) =>
    userEvent.type(await screen.findByLabelText('API key'), `${key}{Enter}`);

  /** Let the service read films for these keys only; return the keys that it was given. */
  function accept(...keys: string[]) {
    const given: string[] = [];
    accessAnswers({ required: true, methods: ['key'], oidc: null });
    predictAnswers(({ request }) => {
      const key = request.headers.get('authorization')?.replace('Bearer ', '') ?? 'none';
      given.push(key);
      if (key === 'viewer') return failure(403, 'forbidden');
      return keys.includes(key) ? HttpResponse.json(answerOf()) : failure(401, 'unauthorized');
    });
    return given;
  }

  it('is asked for films only after signing in, and gets the key with each', async () => {
    const given = accept('key-1');
    render(<App />);
    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeInTheDocument();
    fireEvent.paste(document.body, { clipboardData: { files: [jpeg('early.jpg')] } });
    await waitFor(() => expect(answer()).toHaveTextContent('Waiting for you to sign in'));
    await give('key-1');
    expect(await finding()).toBeInTheDocument();
    expect(signIn()).not.toBeInTheDocument();
    expect(given).toEqual(['key-1']);
  });

  it('and refuses the key has its reader sign in again, and keeps the films', async () => {
    const given = accept('right');
    render(<App />);
    await give('wrong');
    await userEvent.upload(screen.getByLabelText('Choose films', { selector: 'input' }), jpeg('film.jpg'));
    expect(await screen.findByRole('alert')).toHaveTextContent('did not accept');
    expect(answer()).toHaveTextContent('Waiting for you to sign in');
    await give('right');
    expect(await finding()).toBeInTheDocument();
    expect(given).toEqual(['wrong', 'right']);
  });

  it('that begins to do so while the page is open is met in the same way', async () => {
    await choose(jpeg('before.jpg'));
    await finding();
    const given = accept('key-1');
    await userEvent.upload(screen.getByLabelText('Choose films', { selector: 'input' }), jpeg('after.jpg'));
    await give('key-1');
    await waitFor(() => expect(button('after.jpg High risk')).toBeInTheDocument());
    expect(button('before.jpg High risk')).toBeInTheDocument();
    expect(given).toEqual(['none', 'key-1']);
  });

  it('and does not allow this to a key says so; another can be given', async () => {
    accept('right');
    render(<App />);
    await give('viewer');
    await userEvent.upload(screen.getByLabelText('Choose films', { selector: 'input' }), jpeg('film.jpg'));
    await waitFor(() => expect(answer()).toHaveTextContent('does not allow you to analyse films'));
    await userEvent.click(button('Sign out'));
    await give('right');
    await userEvent.click(button('Send film.jpg again'));
    expect(await finding()).toBeInTheDocument();
  });

  it('gets no film of who signed out by the key of who comes next', async () => {
    const given = accept('right');
    render(<App />);
    await give('first');
    fireEvent.paste(document.body, { clipboardData: { files: [jpeg('film.jpg')] } });
    await waitFor(() => expect(answer()).toHaveTextContent('Waiting for you to sign in'));
    predictAnswers(() => new Promise(() => {}));
    await give('right');
    await waitFor(() => expect(answer()).toHaveTextContent(/Uploading|Analysing/));
    await userEvent.click(button('Sign out'));
    expect(answer()).toHaveTextContent('Cancelled');
    await give('right');
    await waitFor(() => expect(signIn()).not.toBeInTheDocument());
    expect(answer()).toHaveTextContent('Cancelled');
    expect(given).toEqual(['first']);
  });

  it('and refuses everybody without a way in says so of each film', async () => {
    predictAnswers(() => failure(401, 'unauthorized'));
    await choose(jpeg('film.jpg'));
    await waitFor(() => expect(answer()).toHaveTextContent('The service asks you to sign in.'));
    expect(signIn()).not.toBeInTheDocument();
  });
});

describe('a film that seems to be a negative', () => {
  const inverted = { code: 'inverted', message: '', correction: 'invert' as const };

  beforeEach(() => {
    vi.stubGlobal('createImageBitmap', async () => ({ width: 4, height: 4, close: () => {} }));
    vi.spyOn(HTMLCanvasElement.prototype, 'toBlob').mockImplementation((done, type = '') =>
      done(new Blob(['corrected'], { type })),
    );
    let count = 0;
    predictAnswers(() =>
      HttpResponse.json(
        count++ === 0
          ? answerOf({ ...newFields(), warnings: [inverted], request_id: 'first' })
          : answerOf({ ...newFields(), prediction: 'NORMAL', risk_code: 'none', request_id: 'second' }),
      ),
    );
  });

  it('is read anew corrected, and brought back as it was, with the keyboard kept where it was', async () => {
    await choose(jpeg('film.jpg'));
    await userEvent.click(await screen.findByRole('button', { name: 'Invert and read again' }));
    expect(await screen.findByRole('heading', { name: 'Normal' })).toBeInTheDocument();
    expect(answer()).toHaveTextContent('The film was inverted before it was read.');
    expect(answer()).toHaveFocus();
    await userEvent.click(button('Undo'));
    expect(await finding()).toBeInTheDocument();
    expect(answer()).toHaveFocus();
    expect(answer()).not.toHaveTextContent('was inverted');
    await waitFor(() => expect(news()).toHaveTextContent('film.jpg: Bacterial pneumonia'));
  });

  it('leaves viewer and keyboard as they are if another film is selected by then', async () => {
    let finish: (picture: object) => void = () => {};
    vi.stubGlobal('createImageBitmap', () => new Promise((resolve) => (finish = resolve)));
    await choose(jpeg('film.jpg'), jpeg('other.jpg'));
    const list = await screen.findByRole('navigation');
    await waitFor(() => expect(list.querySelectorAll('[data-step=done]')).toHaveLength(2));
    await userEvent.click(button('Invert'));
    await userEvent.click(button('Invert and read again'));
    const other = screen.getByRole('button', { name: /^other\.jpg/ });
    await userEvent.click(other);
    finish({ width: 4, height: 4, close: () => {} });
    await waitFor(() => expect(list).toHaveTextContent('The film was corrected before it was read.'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(button('Invert')).toHaveAttribute('aria-pressed', 'true');
    expect(other).toHaveFocus();
  });

  it('is not shown as a negative by the viewer’s own inversion', async () => {
    await choose(jpeg('film.jpg'));
    await userEvent.click(await screen.findByRole('button', { name: 'Invert' }));
    await userEvent.click(button('Invert and read again'));
    await screen.findByRole('heading', { name: 'Normal' });
    expect(screen.getByRole('button', { name: 'Invert' })).toHaveAttribute('aria-pressed', 'false');
  });
});
